import sharp from 'sharp';
const [,, out, ...files] = process.argv;
const tiles=[]; let x=0, H=0;
for (const f of files) { const s = sharp(f).resize({height: 1500, fit:'inside', withoutEnlargement:true}); const {data,info}=await s.png().toBuffer({resolveWithObject:true}); tiles.push({input:data,left:x,top:0}); x+=info.width+10; H=Math.max(H,info.height);}
await sharp({create:{width:x,height:H,channels:3,background:'#888'}}).composite(tiles).png().toFile(out);
