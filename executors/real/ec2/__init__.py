"""EC2 as this machine reaches it: command lines of aws(1) turned into requests of boto3."""
