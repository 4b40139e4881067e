-- rpt_funnel, rpt_stage_durations and rpt_costs from the raw tables alone, by hand, in DuckDB: no dbt, no other mart.
-- The packaged mappings are written out; telephone numbers are only stripped (validity is not asked).
set TimeZone = 'UTC';

create or replace temp table status_map as select * from (values
    ('talkpush', 'pending', 'lead'), ('talkpush', 'completed', 'applied'), ('talkpush', 'shortlisted', 'shortlisted'),
    ('talkpush', 'on_hold', 'on_hold'), ('talkpush', 'rejected', 'rejected'), ('talkpush', 'hired', 'hired'),
    ('talkpush', 'no_response', 'no_response'), ('linkup', 'UNRATED', 'applied'), ('linkup', 'MAYBE', 'applied'),
    ('linkup', 'GOOD', 'shortlisted'), ('linkup', 'GOOD_FIT', 'shortlisted'), ('linkup', 'NOT_A_FIT', 'rejected'),
    ('hirednow', 'NOT_RECOMMENDED', 'assessed'), ('hirednow', 'RECOMMENDED', 'recommended'),
    ('hirednow', 'STRONGLY_RECOMMENDED', 'recommended')) as t (vendor, status_name, stage);

-- 1. versions: what differs from the row of the same record seen before it
create or replace temp table versions as
with rows as (
    select 'talkpush' as vendor, id::varchar as id, _content_hash as h, _seen_at as seen, updated_at, _dlt_load_id as l,
        coalesce(nullif(trim(state), ''), nullif(trim(folder), '')) as status from raw_talkpush.leads
    union all
    select 'hirednow', id, _content_hash, _seen_at, updated_at, _dlt_load_id, nullif(trim(recommendation_status), '') from raw_hirednow.results
    union all
    select 'linkup', job_id || ':' || application_id, _content_hash, _seen_at, null, _dlt_load_id, nullif(trim(rating), '') from raw_linkup.candidates
    union all
    select 'easir', campaign_id || ':' || id, _content_hash, _seen_at, updated_at, _dlt_load_id, nullif(trim(status), '') from raw_easir.campaign_recipients
), marked as (
    select *, lag(h) over (partition by vendor, id order by seen, updated_at nulls first, l, h) as previous from rows
)
select vendor, id, coalesce(updated_at, seen) as moment, status, seen, updated_at, l, h,
    row_number() over (partition by vendor, id order by seen, updated_at nulls first, l, h) as n,
    count(*) over (partition by vendor, id) as versions, min(seen) over (partition by vendor, id) as first_seen
from marked where h is distinct from previous;

-- 2. records as they stand now
create or replace temp table records as
with now as (select vendor, id, h, seen, l, versions, first_seen, status, moment from versions where n = versions),
joined as (
    select r.id::varchar as id, 'talkpush' as vendor, coalesce(r.campaign_id::varchar, 'unknown') as campaign, r.campaign_title as campaign_name, r.id as ordering,
        coalesce(nullif(trim(r.source), ''), 'unknown') as source, nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as name,
        r.email, r.user_phone_number as phone, null as phone2,
        nullif(regexp_extract(lower(others::varchar), 'linkedin[.]com[\\]*/in[\\]*/([^\\/?#&,"\s]+)', 1), '') as linkedin,
        null::double as score, r.created_at, r.updated_at, now.versions, now.first_seen, now.status, now.moment
    from raw_talkpush.leads r join now on now.vendor = 'talkpush' and r.id::varchar = now.id and r._content_hash = now.h and r._seen_at = now.seen and r._dlt_load_id = now.l
    union all
    select r.id, 'hirednow', coalesce(r.campaign ->> '$.id', r.campaign_id, 'unknown'), r.campaign ->> '$.name', try_cast(r.order_index as bigint),
        'Assessment', null, r."user" ->> '$.email', null, null, null, r.overall_score, r.created_at, r.updated_at, now.versions, now.first_seen, now.status, now.moment
    from raw_hirednow.results r join now on now.vendor = 'hirednow' and r.id = now.id and r._content_hash = now.h and r._seen_at = now.seen and r._dlt_load_id = now.l
    union all
    select r.job_id || ':' || r.application_id, 'linkup', r.job_id, null, null, 'LinkedIn',
        coalesce(nullif(trim(full_name), ''), nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '')), null, null, null,
        coalesce(lower(nullif(trim(public_identifier), '')), nullif(regexp_extract(lower(profile_url), 'linkedin[.]com[\\]*/in[\\]*/([^\\/?#&,"\s]+)', 1), '')),
        null, try_cast(application_date as timestamptz), null, now.versions, now.first_seen, now.status, now.moment
    from raw_linkup.candidates r join now on now.vendor = 'linkup' and r.job_id || ':' || r.application_id = now.id and r._content_hash = now.h and r._seen_at = now.seen and r._dlt_load_id = now.l
    union all
    select r.campaign_id || ':' || r.id, 'easir', r.campaign_id, null, null, 'Outreach',
        nullif(trim(coalesce(v[list_position(k, 'first_name')], '') || ' ' || coalesce(v[list_position(k, 'last_name')], '')), ''),
        v[list_position(k, 'email')], v[list_position(k, 'mobile_phone_number')], v[list_position(k, 'landline_phone_number')],
        nullif(regexp_extract(lower(social_profile::varchar), 'linkedin[.]com[\\]*/in[\\]*/([^\\/?#&,"\s]+)', 1), ''),
        null, r.created_at, r.updated_at, now.versions, now.first_seen, now.status, now.moment
    from (select *, json_extract_string(fixed_fields, '$[*].name') as k, json_extract_string(fixed_fields, '$[*].value') as v from raw_easir.campaign_recipients) r
    join now on now.vendor = 'easir' and r.campaign_id || ':' || r.id = now.id and r._content_hash = now.h and r._seen_at = now.seen and r._dlt_load_id = now.l
)
select row_number() over () as rn, id, vendor, campaign, campaign_name, ordering, source, score, created_at, updated_at, versions, first_seen, status, moment,
    case when email like '%@%' then lower(trim(email)) end as email,
    regexp_replace(phone, '[^+0-9]', '', 'g') as phone, regexp_replace(phone2, '[^+0-9]', '', 'g') as phone2, linkedin,
    nullif(trim(regexp_replace(lower(strip_accents(name)), '\s+', ' ', 'g')), '') as name
from joined;

-- 3. persons: components of records that share a key which is not blocked
create or replace temp table keys as
select rn, 'e' || email as k, name from records where email is not null
union all select rn, 'p' || phone, name from records where phone is not null
union all select rn, 'p' || phone2, name from records where phone2 is not null and phone2 is distinct from phone
union all select rn, 'l' || linkedin, name from records where linkedin is not null;

create or replace temp table hubs as
select k, min(rn) as hub from keys
where k not in ('enone@none.com', 'eno@email.com', 'enoemail@noemail.com', 'ena@na.com', 'etest@test.com')
group by k having count(*) > 1 and (count(*) <= 3 or count(distinct name) <= 3);

create or replace temp table edges as
select rn as a, hub as b from keys join hubs using (k) where rn <> hub
union select hub, rn from keys join hubs using (k) where rn <> hub;

-- each node picks the smallest of itself and its neighbours; the picks are the next round's smaller graph
create or replace temp table persons as select distinct a as node, a as label from edges;

-- repeat until edges is empty
create or replace temp table picks as select a as node, least(a, min(b)) as label from edges group by a;
create or replace temp table persons as select p.node, coalesce(k.label, p.label) as label from persons p left join picks k on p.label = k.node;
create or replace temp table edges as select distinct x.label as a, y.label as b
from edges join picks x on a = x.node join picks y on b = y.node where x.label <> y.label;
-- end

-- 4. campaigns
create or replace temp table campaigns as
with newest as (
    select vendor, campaign, max(updated_at) filter (where campaign_name is not null) as updated_at from records
    where vendor in ('talkpush', 'hirednow') group by all
), named as (
    select vendor, campaign,
        case vendor when 'talkpush' then min_by(campaign_name, id) else min_by(campaign_name, (coalesce(-ordering, 9223372036854775807), id)) end as name
    from records join newest using (vendor, campaign) where records.updated_at is not distinct from newest.updated_at and campaign_name is not null
    group by vendor, campaign
), titled as (
    select vendor, campaign, name, null::timestamptz as sent_at from named
    union all select 'linkup', job_id, title, null from (select job_id, arg_max(title, _seen_at) as title from raw_linkup.jobs group by job_id)
    union all select 'easir', id, name, sent_at from (select id, arg_max(name, _seen_at) as name, arg_max(sent_at, _seen_at) as sent_at from raw_easir.campaigns group by id)
)
select vendor, campaign, coalesce(t.name, campaign) as hiring, t.sent_at
from (select distinct vendor, campaign from records) left join titled t using (vendor, campaign);

-- 5. events
create or replace temp table told as
select r.*, coalesce(p.label, r.rn) as person, c.hiring,
    case vendor when 'easir' then 'contacted' when 'talkpush' then 'lead' when 'linkup' then 'applied' else 'assessed' end as own,
    case when vendor <> 'easir' or c.sent_at is not null then coalesce(c.sent_at, created_at, first_seen) end as own_at
from records r left join persons p on r.rn = p.node join campaigns c using (vendor, campaign);

create or replace temp table events as
with changes as (
    select v.vendor, v.id, v.n, v.moment, m.stage, coalesce(m.stage, replace(lower(v.status), ' ', '_')) as s
    from versions v left join status_map m on v.vendor = m.vendor and replace(lower(v.status), ' ', '_') = replace(lower(m.status_name), ' ', '_')
    where v.versions > 1 and v.status is not null
), entered as (
    select * from (select *, lag(s, 1, '') over (partition by vendor, id order by n) as previous from changes)
    where s <> previous and stage is not null
)
select person, hiring, source, vendor, id, own as stage, own_at as moment, own_at as ordered from told where own_at is not null
union all
select person, hiring, source, t.vendor, id, m.stage, moment, greatest(moment, coalesce(own_at, moment))
from told t join status_map m on t.vendor = m.vendor and replace(lower(t.status), ' ', '_') = replace(lower(m.status_name), ' ', '_')
where versions = 1 and m.stage <> own
union all
select person, hiring, source, vendor, id, e.stage, e.moment, greatest(e.moment, coalesce(t.own_at, e.moment))
from entered e join told t using (vendor, id) where e.stage <> t.own;

-- 6. journeys
create or replace temp table journeys as
with counted as (
    select person, hiring,
        min_by(source, (ordered, case stage when 'contacted' then 1 when 'lead' then 2 when 'applied' then 3 when 'assessed' then 4
            when 'recommended' then 5 when 'shortlisted' then 6 when 'hired' then 7 else 99 end, vendor, id)) as source,
        min(ordered) as first_at, max(moment) as last_at, max(moment) filter (stage = 'rejected') as last_rejected,
        min(moment) filter (stage = 'contacted') as s1, min(moment) filter (stage = 'lead') as s2, min(moment) filter (stage = 'applied') as s3,
        min(moment) filter (stage = 'assessed') as s4, min(moment) filter (stage = 'recommended') as s5,
        min(moment) filter (stage = 'shortlisted') as s6, min(moment) filter (stage = 'hired') as s7
    from events group by person, hiring
), verdicts as (
    select distinct person, hiring from told where vendor = 'hirednow'
    and replace(lower(status), ' ', '_') in ('not_recommended', 'recommended', 'strongly_recommended')
)
select c.*, v.person is not null as has_verdict, s7 is null and (last_rejected is null or last_rejected < last_at) as is_open,
    case when s7 is not null then 7 when s6 is not null then 6 when s5 is not null then 5 when s4 is not null then 4
        when s3 is not null then 3 when s2 is not null then 2 when s1 is not null then 1 end as furthest
from counted c left join verdicts v using (person, hiring);

-- 7. the reports
create or replace temp table hand_funnel as
with alike as (
    select date_trunc('week', date '1970-01-01' + floor(epoch(first_at) / 86400)::int)::date as period_start_date, hiring as hiring_campaign, source,
        [s1 is not null, s2 is not null, s3 is not null, s4 is not null, s5 is not null, s6 is not null, s7 is not null] as reached, count(*) as n
    from journeys group by all
)
select period_start_date, hiring_campaign, source, stage_order,
    sum(n) filter (reached[stage_order])::bigint as people,
    sum(n) filter (reached[stage_order] and stage_order > 1 and reached[greatest(stage_order - 1, 1)])::bigint as people_from_previous
from alike, range(1, 8) as o (stage_order) group by all;

create or replace temp table hand_durations as
with steps as (
    select hiring, o.k, case when d >= 0 then d end as d, is_open and furthest = o.k and not (o.k = 4 and has_verdict) as waits
    from (select hiring, is_open, furthest, has_verdict, k, (epoch(list_extract(s, k + 1)) - epoch(list_extract(s, k))) / 86400.0 as d
          from (select *, [s1, s2, s3, s4, s5, s6, s7] as s from journeys), range(1, 7) as r (k)) as o
)
select hiring as hiring_campaign, k as from_stage_order, count(d) as people, quantile_cont(d, 0.5) as p50_days, quantile_cont(d, 0.9) as p90_days,
    count(*) filter (waits) as still_waiting from steps group by all;

create or replace temp table hand_costs as
with hours as (
    select campaign_id, date, arg_max(credit_deductions, _seen_at) as credits, arg_max(campaign_results, _seen_at) as results
    from raw_closerx.hourly_metrics group by campaign_id, date, hour, hour_occurrence
), days as (
    select date as day, campaign_id as hiring, sum(credits)::double as credits, sum(results)::bigint as results from hours group by all
), entries as (
    select hiring, day, count(*) filter (lead) as leads, count(*) filter (not lead) as hires from (
        select hiring, date '1970-01-01' + floor(epoch(s2) / 86400)::int as day, true as lead from journeys where s2 is not null
        union all select hiring, date '1970-01-01' + floor(epoch(s7) / 86400)::int, false from journeys where s7 is not null) group by all
)
select day as cost_date, hiring as hiring_campaign, credits, results, coalesce(leads, 0) as leads, coalesce(hires, 0) as hires
from days left join entries using (hiring, day);
