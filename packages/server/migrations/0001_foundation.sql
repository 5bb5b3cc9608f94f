-- The first schema. One file serves the embedded engine, a single server and a cluster; see store/migrations.ts for the
-- placeholders. Raw tables keep one row per event id: they are replacing tables ordered by time and id, read with FINAL,
-- partitioned by week so that closed weeks merge to one part and FINAL costs nothing there.

-- Which events are stored, whatever time they bear: a client that resends an event without a timestamp gives it another
-- time of receipt, which the replacing tables alone would count twice. An event is known by 128 bits of the SHA-256 of its
-- project and id. Looking 3,200 of them up among 10 million takes 14 ms.
CREATE TABLE {{table event_ids}} (
  identity_high UInt64,
  identity_low UInt64
) ENGINE = {{engine ReplacingMergeTree}}
ORDER BY (identity_high, identity_low)
SETTINGS index_granularity = 1024;

{{distributed event_ids identity_high}};

CREATE TABLE {{table projects}} (
  project_id String,
  name String,
  time_zone String,
  created_at DateTime64(3, 'UTC'),
  version UInt64
) ENGINE = {{engine ReplacingMergeTree(version)}}
ORDER BY project_id;

{{distributed projects cityHash64(project_id)}};

-- A key itself is never stored: key_hash is the SHA-256 of it, prefix its first characters for people to tell keys apart.
CREATE TABLE {{table api_keys}} (
  key_id String,
  project_id String,
  kind Enum8('write' = 1, 'secret' = 2, 'read' = 3, 'admin' = 4),
  name String,
  prefix String,
  key_hash String,
  created_at DateTime64(3, 'UTC'),
  revoked_at Nullable(DateTime64(3, 'UTC')),
  version UInt64
) ENGINE = {{engine ReplacingMergeTree(version)}}
ORDER BY key_id;

{{distributed api_keys cityHash64(key_id)}};

-- Model calls. Token columns: input_tokens is what was neither read from nor written to a cache, cache_write_1h_tokens is a
-- part of cache_write_tokens, reasoning_tokens a part of output_tokens. cost is exact dollars, NULL when unpriced.
CREATE TABLE {{table ai_requests}} (
  project_id LowCardinality(String),
  event_id String CODEC(ZSTD(1)),
  timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  version UInt64 CODEC(Delta, ZSTD(1)),
  key_id LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  session_id_source LowCardinality(String),
  user_id String CODEC(ZSTD(1)),
  user_id_source LowCardinality(String),
  context_id String CODEC(ZSTD(1)),
  context_id_source LowCardinality(String),
  task_id String CODEC(ZSTD(1)),
  task_id_source LowCardinality(String),
  agent LowCardinality(String),
  agent_source LowCardinality(String),
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  parent_span_id String CODEC(ZSTD(1)),
  fingerprint String CODEC(ZSTD(1)),
  ip String CODEC(ZSTD(1)),
  user_agent String CODEC(ZSTD(1)),
  properties Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  provider LowCardinality(String),
  model LowCardinality(String),
  request_model LowCardinality(String),
  response_id String CODEC(ZSTD(1)),
  usage_reported Bool,
  input_tokens UInt64 CODEC(T64, ZSTD(1)),
  cache_read_tokens UInt64 CODEC(T64, ZSTD(1)),
  cache_write_tokens UInt64 CODEC(T64, ZSTD(1)),
  cache_write_1h_tokens UInt64 CODEC(T64, ZSTD(1)),
  output_tokens UInt64 CODEC(T64, ZSTD(1)),
  reasoning_tokens UInt64 CODEC(T64, ZSTD(1)),
  input_audio_tokens UInt64 CODEC(T64, ZSTD(1)),
  output_audio_tokens UInt64 CODEC(T64, ZSTD(1)),
  input_image_tokens UInt64 CODEC(T64, ZSTD(1)),
  output_image_tokens UInt64 CODEC(T64, ZSTD(1)),
  cache_read_audio_tokens UInt64 CODEC(T64, ZSTD(1)),
  web_searches UInt64 CODEC(T64, ZSTD(1)),
  raw_usage String CODEC(ZSTD(1)),
  usage_flags Array(LowCardinality(String)),
  cost Nullable(Decimal(38, 12)) CODEC(ZSTD(1)),
  price_version LowCardinality(String),
  price_model LowCardinality(String),
  unpriced_reason LowCardinality(String),
  unpriced_kinds Array(LowCardinality(String)),
  service_tier LowCardinality(String),
  status LowCardinality(String),
  error_type LowCardinality(String),
  error_message String CODEC(ZSTD(1)),
  finish_reason LowCardinality(String),
  latency_ms Nullable(Float64) CODEC(ZSTD(1)),
  time_to_first_token_ms Nullable(Float64) CODEC(ZSTD(1)),
  streaming Bool,
  tool LowCardinality(String),
  tool_execution_id String CODEC(ZSTD(1)),
  duplicate_of String CODEC(ZSTD(1)),
  INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 2
) ENGINE = {{engine ReplacingMergeTree(version)}}
PARTITION BY toMonday(timestamp)
PRIMARY KEY (project_id, timestamp)
ORDER BY (project_id, timestamp, event_id)
SETTINGS min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

{{distributed ai_requests cityHash64(project_id, if(trace_id != '', trace_id, session_id))}};

CREATE TABLE {{table mcp_tool_executions}} (
  project_id LowCardinality(String),
  event_id String CODEC(ZSTD(1)),
  timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  version UInt64 CODEC(Delta, ZSTD(1)),
  key_id LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  session_id_source LowCardinality(String),
  user_id String CODEC(ZSTD(1)),
  user_id_source LowCardinality(String),
  context_id String CODEC(ZSTD(1)),
  context_id_source LowCardinality(String),
  task_id String CODEC(ZSTD(1)),
  task_id_source LowCardinality(String),
  agent LowCardinality(String),
  agent_source LowCardinality(String),
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  parent_span_id String CODEC(ZSTD(1)),
  fingerprint String CODEC(ZSTD(1)),
  ip String CODEC(ZSTD(1)),
  user_agent String CODEC(ZSTD(1)),
  properties Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  tool LowCardinality(String),
  server LowCardinality(String),
  tool_execution_id String CODEC(ZSTD(1)),
  ai_tool_call_id String CODEC(ZSTD(1)),
  status LowCardinality(String),
  duration_ms Nullable(Float64) CODEC(ZSTD(1)),
  error_type LowCardinality(String),
  error_message String CODEC(ZSTD(1)),
  INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 2
) ENGINE = {{engine ReplacingMergeTree(version)}}
PARTITION BY toMonday(timestamp)
PRIMARY KEY (project_id, timestamp)
ORDER BY (project_id, timestamp, event_id)
SETTINGS min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

{{distributed mcp_tool_executions cityHash64(project_id, if(trace_id != '', trace_id, session_id))}};

CREATE TABLE {{table task_messages}} (
  project_id LowCardinality(String),
  event_id String CODEC(ZSTD(1)),
  timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  version UInt64 CODEC(Delta, ZSTD(1)),
  key_id LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  session_id_source LowCardinality(String),
  user_id String CODEC(ZSTD(1)),
  context_id String CODEC(ZSTD(1)),
  task_id String CODEC(ZSTD(1)),
  agent LowCardinality(String),
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  parent_span_id String CODEC(ZSTD(1)),
  fingerprint String CODEC(ZSTD(1)),
  ip String CODEC(ZSTD(1)),
  user_agent String CODEC(ZSTD(1)),
  properties Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  message_id String CODEC(ZSTD(1)),
  role LowCardinality(String),
  content_length Nullable(UInt64) CODEC(ZSTD(1)),
  INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 2
) ENGINE = {{engine ReplacingMergeTree(version)}}
PARTITION BY toMonday(timestamp)
PRIMARY KEY (project_id, timestamp)
ORDER BY (project_id, timestamp, event_id)
SETTINGS min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

{{distributed task_messages cityHash64(project_id, if(trace_id != '', trace_id, session_id))}};

CREATE TABLE {{table analytics_events}} (
  project_id LowCardinality(String),
  event_id String CODEC(ZSTD(1)),
  timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  version UInt64 CODEC(Delta, ZSTD(1)),
  key_id LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  session_id_source LowCardinality(String),
  user_id String CODEC(ZSTD(1)),
  context_id String CODEC(ZSTD(1)),
  task_id String CODEC(ZSTD(1)),
  agent LowCardinality(String),
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  parent_span_id String CODEC(ZSTD(1)),
  fingerprint String CODEC(ZSTD(1)),
  ip String CODEC(ZSTD(1)),
  user_agent String CODEC(ZSTD(1)),
  properties Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  event_type LowCardinality(String),
  event_category LowCardinality(String),
  severity LowCardinality(String),
  page_url String CODEC(ZSTD(1)),
  page_path String CODEC(ZSTD(1)),
  page_host LowCardinality(String),
  referrer String CODEC(ZSTD(1)),
  title String CODEC(ZSTD(1)),
  content_id String CODEC(ZSTD(1)),
  target_url String CODEC(ZSTD(1)),
  goal_name LowCardinality(String),
  goal_value Nullable(Decimal(38, 12)) CODEC(ZSTD(1))
) ENGINE = {{engine ReplacingMergeTree(version)}}
PARTITION BY toMonday(timestamp)
PRIMARY KEY (project_id, toDate(timestamp), session_id)
ORDER BY (project_id, toDate(timestamp), session_id, timestamp, event_id)
SETTINGS min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

{{distributed analytics_events cityHash64(project_id, if(session_id != '', session_id, session_id))}};

CREATE TABLE {{table engagement_events}} (
  project_id LowCardinality(String),
  event_id String CODEC(ZSTD(1)),
  timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  version UInt64 CODEC(Delta, ZSTD(1)),
  key_id LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  session_id_source LowCardinality(String),
  user_id String CODEC(ZSTD(1)),
  context_id String CODEC(ZSTD(1)),
  task_id String CODEC(ZSTD(1)),
  agent LowCardinality(String),
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  parent_span_id String CODEC(ZSTD(1)),
  fingerprint String CODEC(ZSTD(1)),
  ip String CODEC(ZSTD(1)),
  user_agent String CODEC(ZSTD(1)),
  properties Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  event_type LowCardinality(String),
  page_url String CODEC(ZSTD(1)),
  page_path String CODEC(ZSTD(1)),
  page_host LowCardinality(String),
  referrer String CODEC(ZSTD(1)),
  title String CODEC(ZSTD(1)),
  content_id String CODEC(ZSTD(1)),
  time_on_page_ms Nullable(Float64) CODEC(ZSTD(1)),
  time_to_first_interaction_ms Nullable(Float64) CODEC(ZSTD(1)),
  time_to_first_scroll_ms Nullable(Float64) CODEC(ZSTD(1)),
  max_scroll_depth Nullable(Float64) CODEC(ZSTD(1)),
  scroll_velocity Nullable(Float64) CODEC(ZSTD(1)),
  mouse_distance Nullable(Float64) CODEC(ZSTD(1)),
  focus_time_ms Nullable(Float64) CODEC(ZSTD(1)),
  visible_time_ms Nullable(Float64) CODEC(ZSTD(1)),
  hidden_time_ms Nullable(Float64) CODEC(ZSTD(1)),
  scroll_direction_changes Nullable(UInt64) CODEC(ZSTD(1)),
  clicks Nullable(UInt64) CODEC(ZSTD(1)),
  keyboard_events Nullable(UInt64) CODEC(ZSTD(1)),
  copy_events Nullable(UInt64) CODEC(ZSTD(1)),
  blur_count Nullable(UInt64) CODEC(ZSTD(1)),
  tab_switches Nullable(UInt64) CODEC(ZSTD(1)),
  rage_click Nullable(Bool),
  dead_click Nullable(Bool),
  reading_pattern LowCardinality(String)
) ENGINE = {{engine ReplacingMergeTree(version)}}
PARTITION BY toMonday(timestamp)
PRIMARY KEY (project_id, toDate(timestamp), session_id)
ORDER BY (project_id, toDate(timestamp), session_id, timestamp, event_id)
SETTINGS min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

{{distributed engagement_events cityHash64(project_id, if(session_id != '', session_id, session_id))}};

-- What was ever said about a task, merged: started and completed arrive as two events, in any order, some of them twice.
-- Every column is a maximum or minimum, so neither order nor repetition can change the outcome. A text is kept behind its
-- rank of 16 digits, the later statement having the higher one; status has one digit more in front, which ranks an ended
-- task over an open one. Tuples of rank and text would say the same, and take three times as long to merge.
CREATE TABLE {{table agent_task_states}} (
  project_id LowCardinality(String),
  task_id String,
  received_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
  timestamp SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
  started_at SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))),
  completed_at SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))),
  status SimpleAggregateFunction(max, String),
  parent_task_id SimpleAggregateFunction(max, String),
  agent SimpleAggregateFunction(max, String),
  agent_source SimpleAggregateFunction(max, String),
  session_id SimpleAggregateFunction(max, String),
  session_id_source SimpleAggregateFunction(max, String),
  user_id SimpleAggregateFunction(max, String),
  user_id_source SimpleAggregateFunction(max, String),
  context_id SimpleAggregateFunction(max, String),
  context_id_source SimpleAggregateFunction(max, String),
  trace_id SimpleAggregateFunction(max, String),
  span_id SimpleAggregateFunction(max, String),
  parent_span_id SimpleAggregateFunction(max, String),
  key_id SimpleAggregateFunction(max, String),
  error_type SimpleAggregateFunction(max, String),
  error_message SimpleAggregateFunction(max, String),
  properties SimpleAggregateFunction(maxMap, Map(String, String))
) ENGINE = {{engine AggregatingMergeTree}}
ORDER BY (project_id, task_id);

{{distributed agent_task_states cityHash64(project_id, task_id)}};

-- The statements of each task made one row. A task lies where it started.
CREATE VIEW {{view merged_agent_tasks}} AS
SELECT
  project_id, task_id, received_at,
  ifNull(started_at, timestamp) AS started_at,
  completed_at,
  if(completed_at IS NULL, NULL, dateDiff('millisecond', ifNull(started_at, timestamp), completed_at)) AS duration_ms,
  substring(status, 18) AS status,
  substring(parent_task_id, 17) AS parent_task_id,
  substring(agent, 17) AS agent,
  substring(agent_source, 17) AS agent_source,
  substring(session_id, 17) AS session_id,
  substring(session_id_source, 17) AS session_id_source,
  substring(user_id, 17) AS user_id,
  substring(user_id_source, 17) AS user_id_source,
  substring(context_id, 17) AS context_id,
  substring(context_id_source, 17) AS context_id_source,
  substring(trace_id, 17) AS trace_id,
  substring(span_id, 17) AS span_id,
  substring(parent_span_id, 17) AS parent_span_id,
  substring(key_id, 17) AS key_id,
  substring(error_type, 17) AS error_type,
  substring(error_message, 17) AS error_message,
  mapApply((name, statement) -> (name, substring(statement, 17)), properties) AS properties
FROM {{source agent_task_states}} FINAL;

-- The tasks as reports read them: the view above as it was after the last statement, because merging statements whenever a
-- report asks took 0.9 s for 500,000 tasks. The columns are those of the view, in its order.
CREATE TABLE {{table agent_tasks}} (
  project_id LowCardinality(String),
  task_id String CODEC(ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  started_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  completed_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
  duration_ms Nullable(Int64) CODEC(ZSTD(1)),
  status LowCardinality(String),
  parent_task_id String CODEC(ZSTD(1)),
  agent LowCardinality(String),
  agent_source LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  session_id_source LowCardinality(String),
  user_id String CODEC(ZSTD(1)),
  user_id_source LowCardinality(String),
  context_id String CODEC(ZSTD(1)),
  context_id_source LowCardinality(String),
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  parent_span_id String CODEC(ZSTD(1)),
  key_id LowCardinality(String),
  error_type LowCardinality(String),
  error_message String CODEC(ZSTD(1)),
  properties Map(String, String) CODEC(ZSTD(1)),
  version UInt64 CODEC(Delta, ZSTD(1)),
  INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 2
) ENGINE = {{engine ReplacingMergeTree(version)}}
ORDER BY (project_id, task_id);

{{distributed agent_tasks cityHash64(project_id, task_id)}};

-- What attribution knows of every span: its own words only, never what it inherited, so that a trace can be resolved
-- again when a parent arrives late.
CREATE TABLE {{table spans}} (
  project_id LowCardinality(String),
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  parent_span_id String CODEC(ZSTD(1)),
  timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  version UInt64 CODEC(Delta, ZSTD(1)),
  event_id String CODEC(ZSTD(1)),
  kind LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  user_id String CODEC(ZSTD(1)),
  context_id String CODEC(ZSTD(1)),
  task_id String CODEC(ZSTD(1)),
  agent LowCardinality(String),
  resource_session_id String CODEC(ZSTD(1)),
  resource_user_id String CODEC(ZSTD(1)),
  resource_agent LowCardinality(String),
  tool LowCardinality(String),
  tool_execution_id String CODEC(ZSTD(1)),
  response_id String CODEC(ZSTD(1)),
  total_tokens UInt64 CODEC(T64, ZSTD(1))
) ENGINE = {{engine ReplacingMergeTree(version)}}
PARTITION BY toMonday(timestamp)
ORDER BY (project_id, trace_id, span_id)
SETTINGS index_granularity = 1024, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

{{distributed spans cityHash64(project_id, trace_id)}};

-- One row per session, always recomputed from the raw tables as a whole, never incremented: a retry cannot bump it.
CREATE TABLE {{table user_sessions}} (
  project_id LowCardinality(String),
  session_id String CODEC(ZSTD(1)),
  version UInt64,
  computed_at DateTime64(3, 'UTC'),
  user_id String CODEC(ZSTD(1)),
  agent LowCardinality(String),
  session_source LowCardinality(String),
  started_at DateTime64(3, 'UTC'),
  last_event_at DateTime64(3, 'UTC'),
  last_activity_at DateTime64(3, 'UTC'),
  events UInt64,
  page_views UInt64,
  requests UInt64,
  unpriced_requests UInt64,
  failed_requests UInt64,
  tool_executions UInt64,
  failed_tool_executions UInt64,
  tasks UInt64,
  messages UInt64,
  input_tokens UInt64,
  cache_read_tokens UInt64,
  cache_write_tokens UInt64,
  output_tokens UInt64,
  cost Decimal(38, 12)
) ENGINE = {{engine ReplacingMergeTree(version)}}
ORDER BY (project_id, session_id);

{{distributed user_sessions cityHash64(project_id, session_id)}};
