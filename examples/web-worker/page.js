const element = (id) => document.getElementById(id);
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

/** What the worker tells, by the kind of message. */
const hear = {
  step({ step, loss }) {
    element('state').textContent = `Step ${step + 1}, loss ${loss.toFixed(3)}`;
  },
  done({ outcome, steps, first, last, uniform, right }) {
    element('state').textContent =
      `Training ${outcome} after ${steps} steps: loss ${first.toFixed(3)} to ${last.toFixed(3)}; ` +
      `learning nothing: ${uniform.toFixed(3)}. Nearest other picture shows the same: ${right} %`;
    element('start').disabled = false;
    element('stop').disabled = true;
  },
  failed({ message }) {
    element('state').textContent = `Failed: ${message}`;
    element('start').disabled = false;
    element('stop').disabled = true;
  },
};
worker.onmessage = ({ data }) => hear[data.type](data);
worker.onerror = ({ message }) => hear.failed({ message });

element('start').onclick = () => {
  element('state').textContent = 'Starting ...';
  element('start').disabled = true;
  element('stop').disabled = false;
  worker.postMessage({ type: 'train', epochs: 6 });
};
element('stop').onclick = () => worker.postMessage({ type: 'stop' });
