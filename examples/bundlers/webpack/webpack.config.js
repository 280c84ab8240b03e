export default {
  entry: './page.js',
  output: { filename: 'page.js' },
};
