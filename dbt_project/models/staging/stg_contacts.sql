select
    contacts.submission_id,
    contacts.person_key,
    slices.la_code,
    slices.place,
    slices.is_own,
    contacts.contact_date
from {{ source('raw', 'annex_a_contacts') }} as contacts
{{ in_slice('contacts', 'contact_date', 'contacts') }}
