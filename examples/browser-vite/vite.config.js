import { simclr } from 'simclr-ts/vite';
import { defineConfig } from 'vite';

export default defineConfig({
  base: './', // the built files work from any path
  build: { chunkSizeWarningLimit: 2000 },
  plugins: [simclr({ isolate: false })], // any host will do
});
