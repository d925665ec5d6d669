"""The only room that knows CDK. One construct, one file; the policy plugin; the gate for tokens; the finder of assets."""
