import sharp from 'sharp';
const m = await sharp('docs/images/studio.webp', {animated:true}).metadata();
console.log(m.pages, m.pageHeight, m.width);
const take=[0,1,3,6,9,12,16,24].filter(i=>i<m.pages);
const tiles = await Promise.all(take.map((page,i)=>sharp('docs/images/studio.webp',{page}).resize(380).png().toBuffer()));
const h = Math.round(m.pageHeight*380/m.width);
await sharp({create:{width:4*390,height:2*(h+10),channels:3,background:'#888'}}).composite(tiles.map((input,i)=>({input,left:(i%4)*390,top:Math.floor(i/4)*(h+10)}))).png().toFile('runs/frames.png');
