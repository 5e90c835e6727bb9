import { repositoryPath } from "../../tests/support/repository.ts";
import { type Cifar10, loadCifar10 } from "../../ml/data/cifar10/load.ts";
import { encodeNpy } from "../../tensor/npy.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";

const FOLDER = ".cache/bench/cifar10";

/**
 * CIFAR-10 as .npy files for the peer in Python, made the first time from the data set that this project's own
 * apps load: `{train,test}_images.npy` (uint8, [n, 32, 32, 3], as torchvision keeps them) and `{train,test}_labels.npy` (int64, [n]).
 *
 * @returns the folder
 */
export async function cifar10Arrays(): Promise<string> {
  const folder = repositoryPath(FOLDER);
  const complete = await Deno.stat(folder).then(() => true, () => false);
  if (complete) return folder;
  console.log(`Writing CIFAR-10 as .npy files to ${FOLDER} (once)`);
  const data = await loadCifar10({ onProgress: console.log });
  await Deno.mkdir(repositoryPath(".cache/bench"), { recursive: true });
  const draft = await Deno.makeTempDir({ dir: repositoryPath(".cache/bench"), prefix: "draft-" });
  await writeArrays(draft, data);
  await Deno.rename(draft, folder);
  return folder;
}

async function writeArrays(folder: string, data: Cifar10): Promise<void> {
  for (const split of ["train", "test"] as const) {
    const { x, y } = data[split];
    await Deno.writeFile(`${folder}/${split}_images.npy`, encodeNpy(channelsLast(x)));
    await Deno.writeFile(`${folder}/${split}_labels.npy`, encodeNpy(y));
  }
}

/** Images [n, channels, height, width] as [n, height, width, channels]. */
export function channelsLast({ shape, data }: Tensor<"uint8">): Tensor<"uint8"> {
  const [images, channels, height, width] = shape as [number, number, number, number];
  const pixels = height * width;
  const turned = new Uint8Array(data.length);
  let at = 0;
  for (let image = 0; image < images; image++) {
    const start = image * channels * pixels;
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let channel = 0; channel < channels; channel++) {
        turned[at++] = data[start + channel * pixels + pixel]!;
      }
    }
  }
  return tensor("uint8", [images, height, width, channels], turned);
}
