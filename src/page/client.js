/*! Forecourt: what the page's own code needs of it. An ES module without dependencies; types in client.d.ts. */

/** The state that the page came with, parsed once; `undefined` when the page has none. */
export function state() {
  if (!read) {
    read = true;
    const element = document.getElementById("__FORECOURT_STATE__");
    if (element) held = JSON.parse(element.textContent);
  }
  return held;
}

/** The markup of one block of a page, by default of this one. Rejects when the answer is not a 2xx. */
export async function fragment(name, options = {}) {
  const { url = location.href, ...rest } = options;
  const headers = new Headers(rest.headers);
  headers.set("X-Fragment", name);
  if (!headers.has("Accept")) headers.set("Accept", "text/html");
  const response = await fetch(url, { ...rest, headers });
  if (!response.ok) throw new FragmentError(name, response);
  return response.text();
}

/**
 * Fetches the parts below `root` that are marked `data-lazy="NAME"`: each gets the block NAME of the page `data-src`, by default
 * of this one, in the place of what it holds. What it holds stays when the block does not come. Called once when this module loads.
 */
export async function lazy(root = document) {
  await Promise.all(Array.from(root.querySelectorAll("[data-lazy]"), part));
}

/** A fragment that did not come. */
export class FragmentError extends Error {
  constructor(name, response) {
    super(`fragment ${name}: ${response.status}`);
    this.name = "FragmentError";
    this.status = response.status;
    this.response = response;
  }
}

async function part(element) {
  const name = element.dataset.lazy;
  element.removeAttribute("data-lazy");
  element.setAttribute("aria-busy", "true");
  let event = "forecourt:part";
  let error;
  try {
    const url = new URL(element.dataset.src ?? location.href, location.href);
    // Markup of another site would be that site's to choose.
    if (url.origin !== location.origin) throw new TypeError(`lazy ${name}: ${url.origin} is another site`);
    element.innerHTML = await fragment(name, { url });
    await lazy(element);
  } catch (thrown) {
    event = "forecourt:part-failed";
    error = thrown;
  }
  element.removeAttribute("aria-busy");
  element.dispatchEvent(new CustomEvent(event, { bubbles: true, detail: { name, error } }));
}

let read = false;
let held;

lazy();
