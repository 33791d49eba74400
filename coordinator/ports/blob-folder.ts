/** A folder with blobs, for threads that read them there themselves. */
export interface BlobFolder {
  readonly path: string;
  /** Sees to it that these lie there. Throws `notFound`, and `noSpace` where the folder's disk is full. */
  hold(digests: Iterable<string>): Promise<void>;
}
