"""What a server in the open needs: processes that do not stop, addresses that others reach."""
