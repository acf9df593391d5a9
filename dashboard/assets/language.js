// The viewer's own kind of the page's language: en-GB writes times as en-US does not.
export function variant(language) {
  return navigator.languages.find((own) => own.split('-')[0] === language) ?? language
}
