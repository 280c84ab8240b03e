import type { DroppedFile } from '../../shared/pictures.js';
import { byId, counted, element } from '../page/dom.js';
import { notice } from '../page/notices.js';
import type { AddFiles } from './pictures-panel.js';

/** Height and width of a picture: more than the page keeps, few enough to take one every second. */
const side = 256;

/** Why there is no picture, for people. */
function refusal(error: unknown): string {
  const { name, message } = error as Error;
  if (name === 'NotAllowedError')
    return 'The browser does not let the page use the camera. Allow it, then try again.';
  if (name === 'NotFoundError') return 'This device has no camera that the browser knows of.';
  if (name === 'NotReadableError') return 'Another program uses the camera. Close it there, then try again.';
  return `The camera cannot be used: ${message}`;
}

/** The middle of the video as a file. */
function frame(video: HTMLVideoElement, canvas: HTMLCanvasElement): Promise<Blob> {
  const { videoWidth: width, videoHeight: height } = video;
  const least = Math.min(width, height);
  const context = canvas.getContext('2d')!;
  context.drawImage(video, (width - least) / 2, (height - least) / 2, least, least, 0, 0, side, side);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/jpeg', 0.92);
  });
}

/** A dialog that takes pictures with the camera. The camera is on only while the dialog is open. */
export function webcam(add: AddFiles): void {
  const button = byId<HTMLButtonElement>('webcam-open');
  button.hidden = !navigator.mediaDevices?.getUserMedia;
  const dialog = byId<HTMLDialogElement>('webcam');
  const video = byId<HTMLVideoElement>('webcam-video');
  const folder = byId<HTMLInputElement>('webcam-folder');
  const every = byId<HTMLInputElement>('webcam-every');
  const taken = byId('webcam-taken');
  const use = byId<HTMLButtonElement>('webcam-use');
  const canvas = element('canvas', { width: side, height: side });
  let shots: DroppedFile[] = [];
  let timer = 0;

  const show = () => {
    taken.textContent = shots.length === 0 ? 'None taken yet.' : `${counted(shots.length, 'picture')} taken.`;
    use.disabled = shots.length === 0;
    use.textContent = shots.length === 0 ? 'Add them' : `Add ${counted(shots.length, 'picture')}`;
  };
  const take = async () => {
    if (!video.videoWidth || !dialog.open) return;
    const picture = await frame(video, canvas);
    const now = new Date().toISOString().replaceAll(':', '.').slice(0, -1);
    const name = `${now}.jpg`;
    const path = `webcam/${folder.value.trim().replaceAll('/', '-') || 'webcam'}/${name}`;
    shots.push({ path, file: new File([picture], name, { type: picture.type }) });
    show();
  };
  const repeat = () => {
    clearInterval(timer);
    if (every.checked) timer = window.setInterval(() => void take(), 1000);
  };

  button.addEventListener('click', async () => {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    } catch (error) {
      notice('warning', refusal(error));
      return;
    }
    shots = [];
    every.checked = false;
    show();
    dialog.showModal();
    await video.play();
  });
  byId('webcam-take').addEventListener('click', () => void take());
  every.addEventListener('change', repeat);
  dialog.addEventListener('close', () => {
    clearInterval(timer);
    for (const track of (video.srcObject as MediaStream).getTracks()) track.stop();
    video.srcObject = null;
  });
  use.addEventListener('click', () => {
    dialog.close();
    void add(shots);
  });
  byId('webcam-cancel').addEventListener('click', () => dialog.close());
}
