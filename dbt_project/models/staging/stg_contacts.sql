select
    contacts.submission_id,
    contacts.person_key,
    slices.la_code,
    contacts.source_code,
    contacts.contact_date
from {{ source('raw', 'annex_a_contacts') }} as contacts
{{ in_slice('contacts', 'contact_date', 'contacts') }}
