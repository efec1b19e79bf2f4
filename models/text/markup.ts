/** Text from files in XML (SVG), HTML and Markdown. */

/** What no XML may hold, and what turns the direction of the text around it. */
const unseen =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]|\p{Surrogate}/gu;

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text between tags and for attributes in quotes of either kind. */
export const markupText = (text: string): string =>
  text.replace(unseen, '?').replace(/[&<>"']/g, (letter) => entities[letter]!);

/** A span of code on one line of Markdown, without any markup in it. */
export const markdownCode = (text: string): string => {
  const line = text.replace(unseen, '?').replace(/\s/g, ' ');
  const longest = Math.max(0, ...Array.from(line.matchAll(/`+/g), ([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = /^[` ]|[` ]$|^$/.test(line) ? ' ' : '';
  return `${fence}${space}${line}${space}${fence}`;
};
