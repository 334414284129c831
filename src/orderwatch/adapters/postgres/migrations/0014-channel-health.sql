-- Since when a channel fails is asked of what it could not deliver, which is little.
-- depends: 0010-handling

create index notices_failed on notices (tenant_id, channel, notice_id desc) where state = 'failed';
