/** What the script of the page reads. */
export interface MapPageData {
  /** x and y of each picture in turn, from 0 to 1. */
  points: number[];
  /** Width and height of the layout; the longer is 1. */
  size: [number, number];
  /** The group of each picture. */
  groups: number[];
  /** Color and middle of each group. */
  marks: { color: string; x: number; y: number }[];
  /** Name of each file, and the address that leads to it. */
  names: string[];
  links: string[];
  /** The pictures most like each, `nearest` of them. */
  near: number[];
  nearest: number;
  /** Pixels of a thumbnail, and thumbnails in a row of a sheet. */
  cell: number;
  columns: number;
}

/**
 * The script of the page: draws the map, and lets people move, zoom and choose.
 *
 * The page holds the text of this function: it must use nothing but what a browser has.
 */
export function showMap(): void {
  const find = <T extends Element>(selector: string) => document.querySelector<T>(selector)!;
  const data = JSON.parse(find('#map-data').textContent!) as MapPageData;
  const { points, names, links, groups, marks, cell, columns } = data;
  const count = names.length;
  const sheets = [...document.querySelectorAll<HTMLImageElement>('img.sheet')];
  const canvas = find<HTMLCanvasElement>('#map');
  const context = canvas.getContext('2d')!;
  const tip = find<HTMLElement>('#tip');
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  let [width, height] = [1, 1];
  let whole = 1; // pixels per unit at which all is seen
  const view = { x: 0.5, y: 0.5, scale: 1 };
  let chosen = -1;
  let hovered = -1;
  let shown: Uint8Array | undefined; // without it, all
  let waiting = false;
  let moved = false;

  /** Draws one thumbnail. */
  const paint = (target: CanvasRenderingContext2D, row: number, x: number, y: number, side: number) => {
    const place = row % (columns * columns);
    const sheet = sheets[Math.floor(row / (columns * columns))]!;
    if (!sheet.complete || sheet.naturalWidth === 0) return;
    target.drawImage(
      sheet,
      (place % columns) * cell,
      Math.floor(place / columns) * cell,
      cell,
      cell,
      x,
      y,
      side,
      side,
    );
  };
  const sideOf = () => {
    const unit = Math.sqrt((width * height) / count);
    return Math.max(7, Math.min(112, Math.min(44, 0.8 * unit) * (view.scale / whole) ** 0.85));
  };
  const across = (row: number) => (points[2 * row]! - view.x) * view.scale + width / 2;
  const down = (row: number) => (points[2 * row + 1]! - view.y) * view.scale + height / 2;
  const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name);

  const frame = (row: number, side: number, ink: string) => {
    const [x, y] = [across(row) - side / 2, down(row) - side / 2];
    paint(context, row, x, y, side);
    context.strokeStyle = ink;
    context.lineWidth = 3;
    context.strokeRect(x, y, side, side);
  };
  const draw = () => {
    waiting = false;
    const density = devicePixelRatio || 1;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.fillStyle = color('--page');
    context.fillRect(0, 0, width, height);
    const side = sideOf();
    const line = Math.max(1, side / 24);
    for (let row = 0; row < count; row++) {
      const [x, y] = [across(row) - side / 2, down(row) - side / 2];
      if (x < -side || y < -side || x > width || y > height) continue;
      context.globalAlpha = shown && !shown[row] ? 0.1 : 1;
      paint(context, row, x, y, side);
      if (side < 12) continue;
      context.strokeStyle = marks[groups[row]!]!.color;
      context.lineWidth = line;
      context.strokeRect(x, y, side, side);
    }
    context.globalAlpha = 1;
    context.font = '600 13px system-ui, sans-serif';
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    if (marks.length > 1 && view.scale < 4 * whole) {
      for (const [group, mark] of marks.entries()) {
        const [x, y] = [
          (mark.x - view.x) * view.scale + width / 2,
          (mark.y - view.y) * view.scale + height / 2,
        ];
        context.beginPath();
        context.arc(x, y, 13, 0, 2 * Math.PI);
        context.fillStyle = color('--card');
        context.fill();
        context.strokeStyle = mark.color;
        context.lineWidth = 3;
        context.stroke();
        context.fillStyle = color('--ink');
        context.fillText(String(group + 1), x, y + 1);
      }
    }
    if (hovered >= 0 && hovered !== chosen) frame(hovered, Math.max(72, 1.4 * side), color('--ink'));
    if (chosen >= 0) frame(chosen, Math.max(72, 1.4 * side), color('--accent'));
  };
  const redraw = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(draw);
  };

  const showAll = () => {
    whole = Math.min(width / (data.size[0] || 1), height / (data.size[1] || 1)) * 0.9;
    view.x = 0.5;
    view.y = 0.5;
    view.scale = whole;
    redraw();
  };
  /** Zooms so that the point of the map at a place on the screen stays there. */
  const zoom = (factor: number, x = width / 2, y = height / 2) => {
    const before = view.scale;
    view.scale = Math.max(whole / 2, Math.min(whole * 80, view.scale * factor));
    const change = 1 / before - 1 / view.scale;
    view.x += (x - width / 2) * change;
    view.y += (y - height / 2) * change;
    moved = true;
    redraw();
  };
  /** Moves the view to a picture, by and by unless people want no motion. */
  const goTo = (x: number, y: number, scale: number) => {
    moved = true;
    const [fromX, fromY, fromScale] = [view.x, view.y, view.scale];
    const began = performance.now();
    const step = (now: number) => {
      const share = still.matches ? 1 : Math.min(1, Math.max(0, now - began) / 350);
      const eased = share * share * (3 - 2 * share);
      view.scale = fromScale * (scale / fromScale) ** eased;
      view.x = fromX + (x - fromX) * eased;
      view.y = fromY + (y - fromY) * eased;
      redraw();
      if (share < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  };

  /** A button with a thumbnail, which chooses its picture. */
  const fill = (button: HTMLButtonElement) => {
    const row = Number(button.dataset.row);
    const picture = document.createElement('canvas');
    picture.width = cell;
    picture.height = cell;
    paint(picture.getContext('2d')!, row, 0, 0, cell);
    button.replaceChildren(picture);
    button.title = names[row]!;
    button.setAttribute('aria-label', names[row]!);
  };
  const choose = (row: number, { follow = false, near = false } = {}) => {
    chosen = row;
    const info = find<HTMLElement>('#info');
    info.hidden = row < 0;
    find<HTMLElement>('#hint').hidden = row >= 0;
    if (row >= 0) {
      const large = find<HTMLCanvasElement>('#large');
      large.width = cell;
      large.height = cell;
      paint(large.getContext('2d')!, row, 0, 0, cell);
      const link = find<HTMLAnchorElement>('#name');
      link.textContent = names[row]!;
      link.href = links[row]!;
      find('#group').textContent = marks.length > 1 ? `Group ${groups[row]! + 1}` : '';
      const list = find('#near');
      list.replaceChildren();
      for (let i = row * data.nearest; i < (row + 1) * data.nearest; i++) {
        const button = document.createElement('button');
        button.type = 'button';
        button.className = 'thumb';
        button.dataset.row = String(data.near[i]);
        fill(button);
        list.append(button);
      }
      const isOutside =
        across(row) < 40 || down(row) < 40 || across(row) > width - 40 || down(row) > height - 40;
      if (near) goTo(points[2 * row]!, points[2 * row + 1]!, Math.max(view.scale, 6 * whole));
      else if (follow && isOutside) goTo(points[2 * row]!, points[2 * row + 1]!, view.scale);
    }
    redraw();
  };
  /** The picture on top at a place on the screen, or -1. */
  const rowAt = (x: number, y: number) => {
    const half = sideOf() / 2 + 1;
    for (let row = count - 1; row >= 0; row--) {
      if (shown && !shown[row]) continue;
      if (Math.abs(across(row) - x) <= half && Math.abs(down(row) - y) <= half) return row;
    }
    return -1;
  };
  /** The nearest picture in a direction from the chosen one, or from the middle. */
  const rowToward = (dx: number, dy: number) => {
    const [x, y] = chosen >= 0 ? [across(chosen), down(chosen)] : [width / 2, height / 2];
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let row = 0; row < count; row++) {
      if (row === chosen || (shown && !shown[row])) continue;
      const [ax, ay] = [across(row) - x, down(row) - y];
      const along = ax * dx + ay * dy;
      const aside = Math.abs(ax * dy - ay * dx);
      if (chosen >= 0 && (along <= 0 || aside > 2 * along)) continue;
      const distance = Math.hypot(along, 2 * aside);
      if (distance < least) [least, best] = [distance, row];
    }
    return best;
  };
  /** Shows some pictures only, or all. */
  const showOnly = (isShown: ((row: number) => boolean) | undefined) => {
    shown = isShown && Uint8Array.from({ length: count }, (_, row) => Number(isShown(row)));
    const number = shown ? shown.reduce((sum, value) => sum + value, 0) : count;
    find('#state').textContent = shown ? `${number} of ${count} pictures` : '';
    find<HTMLButtonElement>('#all').hidden = !shown;
    redraw();
  };

  const pointers = new Map<number, { x: number; y: number }>();
  let travelled = 0;
  const at = (event: MouseEvent) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const spread = () => {
    const [a, b] = [...pointers.values()] as [{ x: number; y: number }, { x: number; y: number }];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, size: Math.hypot(a.x - b.x, a.y - b.y) || 1 };
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (pointers.size === 0) travelled = 0;
    pointers.set(event.pointerId, at(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    const now = at(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      hovered = rowAt(now.x, now.y);
      tip.hidden = hovered < 0;
      if (hovered >= 0) {
        tip.textContent = names[hovered]!;
        tip.style.left = `${Math.max(4, Math.min(now.x + 14, width - tip.offsetWidth - 8))}px`;
        tip.style.top = `${now.y > height / 2 ? now.y - 48 - tip.offsetHeight : now.y + 48}px`;
      }
      redraw();
      return;
    }
    const pair = pointers.size === 2 ? spread() : undefined;
    pointers.set(event.pointerId, now);
    travelled += Math.hypot(now.x - before.x, now.y - before.y);
    if (pair) {
      const after = spread();
      view.x -= (after.x - pair.x) / view.scale;
      view.y -= (after.y - pair.y) / view.scale;
      zoom(after.size / pair.size, after.x, after.y);
    } else if (pointers.size === 1 && travelled > 4) {
      view.x -= (now.x - before.x) / view.scale;
      view.y -= (now.y - before.y) / view.scale;
      moved = true;
      hovered = -1;
      tip.hidden = true;
      redraw();
    }
  });
  const release = (event: PointerEvent) => {
    if (!pointers.delete(event.pointerId)) return;
    if (event.type !== 'pointerup' || pointers.size > 0 || travelled > 4) return;
    const { x, y } = at(event);
    choose(rowAt(x, y));
  };
  canvas.addEventListener('pointerup', release);
  canvas.addEventListener('pointercancel', release);
  canvas.addEventListener('pointerleave', () => {
    hovered = -1;
    tip.hidden = true;
    redraw();
  });
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const { x, y } = at(event);
      zoom(Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 150), x, y);
    },
    { passive: false },
  );
  canvas.addEventListener('dblclick', (event) => {
    const { x, y } = at(event);
    zoom(2, x, y);
  });
  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows: Record<string, [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const arrow = arrows[event.key];
    if (arrow) {
      const row = rowToward(...arrow);
      if (row >= 0) choose(row, { follow: true });
    } else if (event.key === '+' || event.key === '=') zoomTo(1.5);
    else if (event.key === '-') zoomTo(1 / 1.5);
    else if (event.key === '0') showAll();
    else if (event.key === 'Enter' && chosen >= 0) find<HTMLElement>('#name').click();
    else if (event.key === 'Escape') choose(-1);
    else return;
    event.preventDefault();
  });
  /** Zooms around the chosen picture, if there is one in view. */
  const zoomTo = (factor: number) => {
    const isInside =
      chosen >= 0 &&
      across(chosen) > 0 &&
      across(chosen) < width &&
      down(chosen) > 0 &&
      down(chosen) < height;
    if (isInside) zoom(factor, across(chosen), down(chosen));
    else zoom(factor);
  };
  find('#in').addEventListener('click', () => zoomTo(1.5));
  find('#out').addEventListener('click', () => zoomTo(1 / 1.5));
  find('#fit').addEventListener('click', showAll);
  find('#all').addEventListener('click', () => {
    find<HTMLInputElement>('#search').value = '';
    showOnly(undefined);
  });
  find('#search').addEventListener('input', (event) => {
    const text = (event.target as HTMLInputElement).value.trim().toLowerCase();
    showOnly(text === '' ? undefined : (row) => names[row]!.toLowerCase().includes(text));
  });
  document.addEventListener('click', (event) => {
    const target = event.target as Element;
    const thumb = target.closest<HTMLElement>('button.thumb');
    const group = target.closest<HTMLElement>('button[data-group]');
    if (thumb) choose(Number(thumb.dataset.row), { near: true });
    if (group) {
      const number = Number(group.dataset.group);
      showOnly((row) => groups[row] === number);
      showAll();
    }
    if ((thumb && !thumb.closest('#panel')) || group) canvas.scrollIntoView({ block: 'center' });
  });
  const fillAll = () => {
    for (const button of document.querySelectorAll<HTMLButtonElement>('button.thumb')) fill(button);
    redraw();
  };
  new ResizeObserver(() => {
    const box = canvas.getBoundingClientRect();
    [width, height] = [box.width, box.height];
    canvas.width = Math.round(width * (devicePixelRatio || 1));
    canvas.height = Math.round(height * (devicePixelRatio || 1));
    if (moved) draw();
    else {
      showAll();
      draw();
    }
  }).observe(canvas);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  Promise.all(sheets.map((sheet) => sheet.decode().catch(() => {}))).then(() => {
    fillAll();
    document.documentElement.dataset.ready = '';
  });
}
