/** A file that Vite copies beside the page; its address. */
declare module '*?url' {
  const address: string;
  export default address;
}

/** Where the encoder lies that came with the page. */
declare module 'virtual:starting-encoder' {
  const url: string | undefined;
  export default url;
}
