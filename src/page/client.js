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

/** A fragment that did not come. */
export class FragmentError extends Error {
  constructor(name, response) {
    super(`fragment ${name}: ${response.status}`);
    this.name = "FragmentError";
    this.status = response.status;
    this.response = response;
  }
}

let read = false;
let held;
