/** A constant that is made when it is first needed. @param make called once; again only after it threw */
export function lazy<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
