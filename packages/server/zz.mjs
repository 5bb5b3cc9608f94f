import { Session } from 'chdb';
import { createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import { openChdbStore } from './dist/store/chdb-driver.js';
import { migrate } from './dist/store/migrations.js';
import { rmSync } from 'node:fs';
rmSync('/tmp/t3',{recursive:true,force:true});
const st = await openChdbStore('/tmp/t3'); await migrate(st, Date.now()); 
const s=new Session('/tmp/t3/chdb');
await s.queryAsync("drop view analytics_events_to_event_ids");
const client=createClient({connection:createChdbConnection({path:'/tmp/t3/chdb'})});
let id=0;
const rows=(n)=>Array.from({length:n},(_,i)=>({project_id:'default',event_id:'ev-'+(id++)+'-'+Math.random().toString(36).slice(2),timestamp:new Date(1764000000000+id*2).toISOString(),received_at:new Date().toISOString(),key_id:'',properties:{ab:'a'},session_id:'s'+(id/10|0),user_id:'u'+id%997,session_id_source:'own',user_id_source:'own',context_id_source:'none',task_id_source:'none',agent_source:'none',ip:'',event_type:'page_view',event_category:'navigation',severity:'info',page_url:'https://x.example/p'+(id%50),title:'Page',page_path:'/p'+(id%50),page_host:'x.example',version:1764000000000}));
const body=(r)=>{let t=''; for(const x of r) t+=JSON.stringify(x)+'\n'; return t;};
const P="INSERT INTO analytics_events SETTINGS date_time_input_format='best_effort'";
const V={
 store:(r)=>st.insert('analytics_events',r),
 client:(r)=>client.insert({table:'analytics_events',values:r,format:'JSONEachRow',clickhouse_settings:{date_time_input_format:'best_effort'}}),
 session:(r)=>s.queryAsync(P+" FORMAT JSONEachRow\n"+body(r)),
 session_np:(r)=>s.queryAsync(P+", input_format_parallel_parsing=0 FORMAT JSONEachRow\n"+body(r)),
 session_nd:(r)=>s.queryAsync(P+", input_format_parallel_parsing=0, input_format_defaults_for_omitted_fields=0 FORMAT JSONEachRow\n"+body(r)),
 raw:(r)=>s.queryAsync("SET date_time_input_format='best_effort'").then(()=>s.insert({table:'analytics_events',values:Buffer.from(body(r)),format:'JSONEachRow'})),
};
for(const n of [100,1000,3000]) { const res={}; for(const k in V) res[k]=[]; for(let rep=0;rep<15;rep++) for(const k in V){ const d=rows(n); const t=performance.now(); await V[k](d); res[k].push(performance.now()-t);} for(const k in V){const w=res[k].sort((a,b)=>a-b); console.log(n,k.padEnd(12),w[2].toFixed(1),w[7].toFixed(1));} }
const d=rows(3000); let t=performance.now(); const b=body(d); console.log('encode 3000',performance.now()-t, b.length);
await st.close(); s.close(); await client.close();
