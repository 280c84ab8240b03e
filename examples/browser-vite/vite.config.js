import { defineConfig } from 'vite';

export default defineConfig({
  base: './', // the built files work from any path
  build: { target: 'es2022', chunkSizeWarningLimit: 2000 },
});
