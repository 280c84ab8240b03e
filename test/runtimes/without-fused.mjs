/** Loaded before the program: from here on the engine refuses modules with fused multiply-add, as one that lacks it. */
const { validate } = WebAssembly;
const fused = Buffer.of(0xfd, 0x85, 0x02);
WebAssembly.validate = (bytes) => !Buffer.from(bytes).includes(fused) && validate(bytes);
