const tf=require('@tensorflow/tfjs'); const axial=require('./dist/src/index.js');
(async()=>{ await axial.engine.start();
for(const [n,size] of [['resnet-26',64],['axial-resnet-26-s',64],['full-axial-resnet-26-s',64],['axial-resnet-26-s',96],['resnet-18',64],['stand-alone-axial-resnet-50',64]]){
 const m=axial.models.create(n,{classes:10,size}); const B=2;
 const x=tf.randomNormal([B,size,size,3]); const vars=m.trainableWeights.map(w=>w.val);
 let tot=0, by={};
 const t=Date.now();
 const {value,grads}=tf.variableGrads(()=>{const y=m.apply(x,{training:true}).mean(); 
  const seen=new Set(m.weights.map(v=>v.val.dataId)); 
  for(const node of tf.engine().state.activeTape){ for(const t of (node.saved||[])){ if(seen.has(t.dataId)||t.rank<2||t.shape[0]<B) continue; seen.add(t.dataId); tot+=t.size; by[node.kernelName]=(by[node.kernelName]||0)+t.size;} }
  return y;},vars);
 const s=axial.models.summarize(axial.models.configuration(n),{classes:10,size});
 console.log(n,size,'measured',(tot/B/1e3).toFixed(1),'counted',(s.activations/1e3).toFixed(1),(tot/B/s.activations).toFixed(3), Date.now()-t,Object.entries(by).map(([k,v])=>k+':'+(v/B/1e3).toFixed(0)).join(' '));
 tf.dispose([value,grads,x]); m.dispose();
}
await axial.engine.stop();
})()
