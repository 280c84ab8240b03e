const triedKey = 'studio-isolation-tried';

/** A service worker that is not up by then will not be. */
const patienceMilliseconds = 4000;

/**
 * Sees to it that threads can share memory: where the host sends no headers for that, a service worker adds them, which
 * takes one reload.
 *
 * @returns `false` when the page is about to be loaded again.
 */
export async function isolate(): Promise<boolean> {
  if (!isSecureContext || !('serviceWorker' in navigator)) return true;
  try {
    const registration = await navigator.serviceWorker.register(new URL('./isolate.js', document.baseURI));
    if (crossOriginIsolated || sessionStorage.getItem(triedKey)) return true;
    sessionStorage.setItem(triedKey, 'yes'); // once: where it does not help, one thread does
    const active = registration && navigator.serviceWorker.ready;
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, patienceMilliseconds));
    if (!(await Promise.race([active, late]))) return true;
    location.reload();
    return false;
  } catch {
    return true; // private windows, or a host that does not serve the script
  }
}
