/** What a manifest of workers depends on. */
export interface ManifestOptions {
  /** The container image, whose entry point is `flwr`. */
  readonly image: string;
  /** Number of pods. */
  readonly pods: number;
  /** Nodes that each worker computes at the same time, with a core for each. */
  readonly slots: number;
  /** "host:port" of the SuperLink. */
  readonly address: string;
  readonly insecure: boolean;
  /** Whether the secret has the certificate of the SuperLink's CA. */
  readonly hasAuthority: boolean;
}

/** Name of the Job and of its Secret, whose keys are `token` and, with TLS of an own CA, `ca.crt`. */
export const MANIFEST_NAME = "flwr-simulation-workers";

/** The folder of the Secret's files in a pod. */
const SECRET_FOLDER = "/run/flwr";

/**
 * The manifest of a Kubernetes Job (batch/v1) that runs workers. It contains no token: the Secret must exist. A pod
 * whose machine is taken away does not count as failed, and one that fails is started three times again.
 */
export function jobManifest(options: ManifestOptions): string {
  const { image, pods, slots, address, insecure, hasAuthority } = options;
  const args = [
    "simulation-worker",
    `--superlink=${address}`,
    ...(insecure ? ["--insecure"] : []),
    ...(hasAuthority ? [`--root-certificates=${SECRET_FOLDER}/ca.crt`] : []),
    `--token-file=${SECRET_FOLDER}/token`,
    `--workers=${slots}`,
  ];
  // A text in JSON is one in YAML, except for characters that YAML allows only as escapes.
  const text = (value: string) => JSON.stringify(value).replaceAll(/[^ -~]/g, escaped);
  return `apiVersion: batch/v1
kind: Job
metadata:
  name: ${MANIFEST_NAME}
  labels:
    app.kubernetes.io/name: ${MANIFEST_NAME}
spec:
  completionMode: Indexed
  completions: ${pods}
  parallelism: ${pods}
  backoffLimitPerIndex: 3
  podFailurePolicy:
    rules:
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
  ttlSecondsAfterFinished: 3600
  template:
    metadata:
      labels:
        app.kubernetes.io/name: ${MANIFEST_NAME}
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      enableServiceLinks: false
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              app.kubernetes.io/name: ${MANIFEST_NAME}
      containers:
        - name: worker
          image: ${text(image)}
          args:
${args.map((word) => `            - ${text(word)}`).join("\n")}
          resources:
            requests:
              cpu: ${text(String(slots))}
              memory: ${text(`${slots}Gi`)}
            limits:
              memory: ${text(`${2 * slots}Gi`)}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop:
                - ALL
          volumeMounts:
            - name: secret
              mountPath: ${SECRET_FOLDER}
              readOnly: true
      volumes:
        - name: secret
          secret:
            secretName: ${MANIFEST_NAME}
            defaultMode: 256 # 0400
`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
