const triedKey = 'studio-isolation-tried';

/** Milliseconds to wait for the service worker. */
const timeoutMilliseconds = 4000;

/**
 * Lets threads share memory: if the host does not send the headers, a service worker adds them, which
 * takes one reload.
 *
 * @returns `false` when the page is about to be loaded again.
 */
export async function isolate(): Promise<boolean> {
  if (!isSecureContext || !('serviceWorker' in navigator)) return true;
  try {
    const registration = await navigator.serviceWorker.register(new URL('./isolate.js', document.baseURI));
    if (crossOriginIsolated || sessionStorage.getItem(triedKey)) return true;
    sessionStorage.setItem(triedKey, 'yes'); // once: if it does not help, one thread must do
    const active = registration && navigator.serviceWorker.ready;
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, timeoutMilliseconds));
    if (!(await Promise.race([active, late]))) return true;
    location.reload();
    return false;
  } catch {
    return true; // private windows, or a host that does not serve the script
  }
}
