/** A file that Vite copies beside the page; its address. */
declare module '*?url' {
  const address: string;
  export default address;
}
