// What the scripts say, in the language of the page. The page brings their words with it.

const { months, texts } = JSON.parse(document.querySelector("#words").textContent);

/** The short names of the months. */
export { months };

/** A text with its values put in: `said("%(n)s new", { n: 3 })`. */
export function said(text, values = {}) {
  return (texts[text] ?? text).replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}
