{{ union_versions(ref("fct_union_events")) }}
