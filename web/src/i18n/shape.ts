/** The keys of one language with any texts: what the other language must have. */
export type Strings<T> = { [K in keyof T]: T[K] extends string ? string : Strings<T[K]> }
