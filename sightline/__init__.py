"""Shows where children at risk of exploitation go unseen."""
