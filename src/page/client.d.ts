/** Types of `/_forecourt/client.js`. */

/**
 * The state that the page came with (`state` of the page in routes.yaml), parsed once; `undefined` when the page has none.
 * Whole numbers beyond 2^53 are strings.
 */
export function state<T = unknown>(): T | undefined;

/** What `fetch` takes, and which page the fragment is of. */
export interface FragmentOptions extends RequestInit {
  /** The page's address. Default: this page's. */
  url?: string | URL;
}

/**
 * The markup of one block of a page.
 *
 * @throws FragmentError when the answer is not a 2xx: 404 when the page has no such block.
 */
export function fragment(name: string, options?: FragmentOptions): Promise<string>;

/**
 * Fetches the parts below `root` that are marked `data-lazy="NAME"`, each the block NAME of the page `data-src` (default: this page),
 * in the place of what it holds. What it holds stays when the block does not come. Called once when the module loads; to be called
 * again for markup that was added later.
 *
 * Every part tells the document: `forecourt:part`, or `forecourt:part-failed`, with a {@link LazyDetail}.
 */
export function lazy(root?: ParentNode): Promise<void>;

/** The `detail` of `forecourt:part` and `forecourt:part-failed`. */
export interface LazyDetail {
  /** The name of the block. */
  name: string;
  /** Why it did not come. */
  error?: unknown;
}

/** A fragment that did not come. */
export class FragmentError extends Error {
  readonly name: "FragmentError";
  /** The status of the answer. */
  readonly status: number;
  /** The answer, its body not read yet. */
  readonly response: Response;
}
