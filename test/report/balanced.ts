const voidElements = new Set(['meta', 'img', 'input', 'br', 'link']);

/** The first tag that does not match its opening one, or undefined. Scripts are passed over. */
export function firstUnbalanced(page: string): string | undefined {
  const html = page.replace(/<script(?:"[^"]*"|[^">])*>[\s\S]*?<\/script>/g, '');
  const open: string[] = [];
  for (const [, closing, name, selfClosing] of html.matchAll(
    /<(\/?)([a-z][\w-]*)(?:"[^"]*"|[^">])*?(\/?)>/gi,
  )) {
    if (closing) {
      if (open.pop() !== name) return `</${name}>`;
    } else if (!selfClosing && !voidElements.has(name!.toLowerCase())) open.push(name!);
  }
  return open.pop();
}
