// A worker that takes no time: answers what it was asked, or goes wrong as it is told to.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [name, log, fault = 'none'] = process.argv.slice(2);
const say = (reply) => console.log(JSON.stringify(reply));

console.log('a library that talks');
if (fault === 'no start') {
  say({ error: 'nothing to run' });
  process.exit(1);
}
say({ ready: name });
for await (const line of createInterface({ input: process.stdin })) {
  const { repetitions } = JSON.parse(line);
  if (fault === 'dies') {
    console.error('out of memory');
    process.exit(7);
  }
  if (fault === 'silent') continue;
  appendFileSync(log, `${name}\n`);
  say({ seconds: repetitions * (name === 'ours' ? 0.5 : 1) });
}
