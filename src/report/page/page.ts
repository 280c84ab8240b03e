import { escapeHtml } from './html.js';
import { styles } from './styles.js';

/** A whole page that loads nothing and runs no script. */
export function htmlPage(title: string, classes: number, parts: readonly string[]): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${styles(classes)}</style>
</head>
<body>
<main>
${parts.filter((part) => part !== '').join('\n')}
<footer>Written by simclr-ts.</footer>
</main>
</body>
</html>
`;
}
