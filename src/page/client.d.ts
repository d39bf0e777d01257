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

/** A fragment that did not come. */
export class FragmentError extends Error {
  readonly name: "FragmentError";
  /** The status of the answer. */
  readonly status: number;
  /** The answer, its body not read yet. */
  readonly response: Response;
}
