// Adds the headers that let threads share memory, where the host does not send them, and keeps the page's own files, so
// that it opens without a network too.
const cacheName = 'simclr-ts-studio';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const ours = new URL(request.url).origin === self.location.origin;
  if (request.method === 'GET' && ours) event.respondWith(answer(request));
});

/** Names of built files hold their hash: what is kept of them is right. The page itself is asked for first. */
async function answer(request) {
  const cache = await caches.open(cacheName);
  const [key] = request.url.split('?'); // the page is the same, whatever its address asks for
  const kept = await cache.match(key, { ignoreVary: true });
  const lasting = new URL(request.url).pathname.includes('/assets/');
  if (kept && lasting) return isolated(kept);
  try {
    const response = await fetch(request);
    // A full disk is no reason to answer nothing.
    if (response.ok) await cache.put(key, response.clone()).catch(() => {});
    return isolated(response);
  } catch (error) {
    if (kept) return isolated(kept);
    throw error;
  }
}

function isolated(response) {
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
