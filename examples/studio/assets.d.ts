/** The URL of a file that Vite copies next to the page. */
declare module '*?url' {
  const address: string;
  export default address;
}

/** The URL of the encoder that comes with the page. */
declare module 'virtual:starting-encoder' {
  const url: string | undefined;
  export default url;
}
