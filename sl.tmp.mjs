import sharp from 'sharp';
const f = process.argv[2]; const h=1400;
const { width, height } = await sharp(f).metadata();
const n = Math.min(6, Math.ceil(height / h));
const tiles = await Promise.all(Array.from({length: n}, (_, i) => sharp(f).extract({left:0, top:i*h, width, height: Math.min(h, height-i*h)}).toBuffer()));
await sharp({create:{width: n*(width+10), height: h, channels:3, background:'#888'}}).composite(tiles.map((input,i)=>({input,left:i*(width+10),top:0}))).png().toFile(process.argv[3]);
