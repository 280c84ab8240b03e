import type { Document, Element } from '@xmldom/xmldom';
import { importOptional } from '../backends/optional-package.js';

const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';

/** Where programs keep keywords: their namespaces, the usual prefixes, and what separates the parts of a hierarchy. */
const places = [
  { namespace: 'http://purl.org/dc/elements/1.1/', prefix: 'dc', name: 'subject', separator: undefined },
  { namespace: 'http://www.digikam.org/ns/1.0/', prefix: 'digiKam', name: 'TagsList', separator: '/' },
  {
    namespace: 'http://ns.adobe.com/lightroom/1.0/',
    prefix: 'lr',
    name: 'hierarchicalSubject',
    separator: '|',
  },
] as const;

/** Characters that XML 1.0 has no way to write: controls but for tab and line ends, halves of characters, two others. */
const unwritable = /(?![\t\n\r])\p{Cc}(?<![\u007F-\u009F])|\p{Cs}|[\uFFFE\uFFFF]/u;

/** Whether a keyword can stand in a sidecar: it has characters, all of which XML can hold. */
export function isKeyword(keyword: unknown): keyword is string {
  if (typeof keyword !== 'string' || unwritable.test(keyword)) return false;
  return keyword.split('/').every((part) => part.trim() !== '');
}

function escapeXML(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * A sidecar with keywords: `dc:subject` for every program, `digiKam:TagsList` for digiKam and immich,
 * `lr:hierarchicalSubject` for Lightroom.
 *
 * @param keywords - `animals/cat` is the keyword cat below animals.
 * @see Adobe, "XMP Specification Part 1" (ISO 16684-1), sections 7.2 to 7.5.
 */
export function xmpOfKeywords(keywords: readonly string[]): string {
  const lists = places.map(({ prefix, name, separator }) => {
    const texts = keywords.map((keyword) => {
      const parts = keyword.split('/').map((part) => part.trim());
      return separator === undefined ? parts.at(-1)! : parts.join(separator);
    });
    const container = name === 'TagsList' ? 'Seq' : 'Bag';
    const items = [...new Set(texts)].map((text) => `     <rdf:li>${escapeXML(text)}</rdf:li>`);
    return `   <${prefix}:${name}>\n    <rdf:${container}>\n${items.join('\n')}\n    </rdf:${container}>\n   </${prefix}:${name}>`;
  });
  const prefixes = places.map(({ prefix, namespace }) => `    xmlns:${prefix}="${namespace}"`);
  return `<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="simclr-ts">
 <rdf:RDF xmlns:rdf="${rdf}">
  <rdf:Description rdf:about=""
${prefixes.join('\n')}>
${lists.join('\n')}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
`;
}

const elements = (from: Document | Element, namespace: string, name: string): Element[] =>
  Array.from(from.getElementsByTagNameNS(namespace, name));

/**
 * The keywords of XMP, each once: those of hierarchies as `animals/cat`, and others that are no part of one.
 *
 * @throws the parser's error when it is not XML.
 * @throws `SimCLRError` when the optional package `@xmldom/xmldom` is not installed.
 */
export async function keywordsOfXMP(caller: string, text: string): Promise<string[]> {
  const { DOMParser } = await importOptional<typeof import('@xmldom/xmldom')>(caller, '@xmldom/xmldom');
  const parser = new DOMParser({
    onError(level, message) {
      if (level !== 'warning') throw new Error(message);
    },
  });
  const document = parser.parseFromString(text.replace(/^\uFEFF/, ''), 'text/xml');
  const flat: string[] = [];
  const hierarchical: string[] = [];
  for (const { namespace, name, separator } of places) {
    for (const list of elements(document, namespace, name)) {
      for (const item of elements(list, rdf, 'li')) {
        const keyword = item.textContent?.trim() ?? '';
        if (separator === undefined) flat.push(keyword);
        else hierarchical.push(keyword.split(separator).join('/'));
      }
    }
  }
  return joinKeywords(flat, hierarchical);
}

/** Keywords of hierarchies, and the others that are no part of one; each once. */
export function joinKeywords(flat: readonly string[], hierarchical: readonly string[]): string[] {
  const parts = new Set(hierarchical.flatMap((keyword) => keyword.split('/')));
  const others = flat.filter((keyword) => !parts.has(keyword));
  return [...new Set([...hierarchical, ...others])].filter((keyword) => keyword !== '');
}
