/** The texts of an array's elements, as they stand in it. The text must be JSON. */
export function elements(array: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < array.length; i++) {
    const c = array[i];
    if (c === '"') {
      i = endOfString(array, i);
    } else if (c === "[" || c === "{") {
      if (++depth === 1) from = i + 1;
    } else if (depth === 1 && (c === "," || c === "]")) {
      found.push(array.slice(from, i).trim());
      from = i + 1;
      if (c === "]") return found;
    } else if (c === "]" || c === "}") {
      depth--;
    }
  }
  return found;
}

function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
  return i;
}
