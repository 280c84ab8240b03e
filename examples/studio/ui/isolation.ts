const triedKey = 'studio-isolation-tried';

/**
 * Sees to it that threads can share memory: where the host sends no headers for that, a service worker adds them, which
 * takes one reload.
 *
 * @returns `false` when the page is about to be loaded anew.
 */
export async function isolate(): Promise<boolean> {
  if (!isSecureContext || !('serviceWorker' in navigator)) return true;
  try {
    await navigator.serviceWorker.register(new URL('./isolate.js', document.baseURI));
    if (crossOriginIsolated || sessionStorage.getItem(triedKey)) return true;
    sessionStorage.setItem(triedKey, 'yes'); // once: where it does not help, one thread does
    await navigator.serviceWorker.ready;
    location.reload();
    return false;
  } catch {
    return true; // private windows, or a host that does not serve the script
  }
}
