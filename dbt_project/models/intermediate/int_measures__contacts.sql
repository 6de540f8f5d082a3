{{ counts(ref('int_contacts'), 'event_month', {'contacts': none}) }}
