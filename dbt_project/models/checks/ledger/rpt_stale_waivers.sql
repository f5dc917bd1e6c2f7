with
    this_close as (select {{ shanghai_day("known_at") }} as known_on from {{ source("plan", "close") }}),

    given as (
        select waivers.* from {{ source("plan", "quality_waivers") }} as waivers cross join this_close where waived_on <= known_on
    ),

    used as (
        select distinct given.rule_code, given.unit_code, given.form, given.record_key
        from given
        inner join {{ ref("int_faults_found") }} as found on {{ waiver_covers("given", "found") }}
    )

select
    md5(
        concat_ws('|', given.rule_code, coalesce(given.unit_code, ''), coalesce(given.form, ''), coalesce(given.record_key, ''))
    ) as waiver_key,
    given.rule_code,
    given.unit_code as reporting_unit_code,
    given.form,
    given.record_key,
    given.reason as waiver_reason,
    given.waived_by,
    given.waived_on,
    given.expires_on,
    case when known_on > given.expires_on then 'expired' else 'fault_gone' end as stale_because
from given
cross join this_close
left join
    used
    on given.rule_code = used.rule_code
    and given.unit_code is not distinct from used.unit_code
    and given.form is not distinct from used.form
    and given.record_key is not distinct from used.record_key
where used.rule_code is null or known_on > given.expires_on
