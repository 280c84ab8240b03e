/** The page that the studio writes to keep and to send. */
import { expect, it } from 'vitest';
import { type Result, resultPage } from '../../examples/studio/ui/keep/result-page.js';

const plain: Result = {
  date: new Date('2026-11-28T12:00:00Z'),
  pictures: 3,
  minutesTrained: 4.2,
  figures: [
    'Of the five pictures most similar to each, 72 % are from the same folder (before training: 68 %).',
  ],
  places: [0, 0, 1, 0.5, 0.5, 1],
  colors: ['#111111', '#222222', '#222222'],
  groups: [
    { name: 'Folder 1', color: '#222222', count: 2 },
    { name: '<b>"&', color: '#111111', count: 1 },
  ],
};
const picture = 'data:image/jpeg;base64,AAAA';

it('tells number, day, minutes, and figures in one file that loads nothing', () => {
  const page = resultPage(plain);
  expect(page).toContain('<h1>3 pictures, sorted by what is in them</h1>');
  expect(page).toContain('November 28, 2026. A small network learned from them for 4 minutes');
  expect(page).toContain('72 % are from the same folder (before training: 68 %)');
  expect(page.match(/<circle/g)).toHaveLength(3);
  expect(page).toContain('&#60;b&#62;&#34;&#38;');
  expect(page).not.toMatch(/<script|<link|https?:|url\(|@import|<b>/);
  expect(page).toContain("default-src 'none'");
});

it('holds no picture and no file name unless they are given', () => {
  const page = resultPage(plain);
  expect(page).not.toMatch(/data:image|<img|<image|\.jpe?g|\.png/);
  expect(page).toContain('no picture and no file name');
});

it('shows pictures and their nearest where they are given', () => {
  const neighbors = [{ title: 'cups/a.jpg', picture, nearest: [picture, picture] }];
  const page = resultPage({ ...plain, thumbnails: [picture, picture, picture], neighbors });
  expect(page.match(/<image/g)).toHaveLength(3);
  expect(page.match(/<img/g)).toHaveLength(3);
  expect(page).toContain('alt="cups/a.jpg"');
  expect(page).not.toContain('<circle');
});

it('shows the map before and after training side by side, and says when nothing was trained', () => {
  const page = resultPage({ ...plain, minutesTrained: 0, before: plain.places });
  expect(page.match(/<svg/g)).toHaveLength(2);
  expect(page).toContain('Before training');
  expect(page).toContain('Nothing was trained');
  expect(resultPage({ ...plain, pictures: 5 })).toContain('It shows 3 of them');
});
