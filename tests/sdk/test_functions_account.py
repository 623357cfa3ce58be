"""What Terraform, CDK and SAM read of functions, of features that are not here."""

import support
from support import ACCOUNT, REGION
from function_support import CODE, ROLE, FunctionsTest


class Account(FunctionsTest):
    # Its workers are the test's own.
    options = ("--function-processes", "off")

    def test_features_that_are_not_set_are_told(self):
        name = self.function(Code={"ZipFile": CODE})
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        signing = self.functions.get_function_code_signing_config(FunctionName=arn)
        self.assertEqual(signing["FunctionName"], name)
        self.assertFalse(signing.get("CodeSigningConfigArn"))
        runtime = self.functions.get_runtime_management_config(FunctionName=name)
        self.assertEqual((runtime["UpdateRuntimeOn"], runtime["FunctionArn"]), ("Auto", arn))
        recursion = self.functions.get_function_recursion_config(FunctionName=name)
        self.assertEqual(recursion["RecursiveLoop"], "Terminate")
        for call in (self.functions.get_function_code_signing_config,
                     self.functions.get_runtime_management_config,
                     self.functions.get_function_recursion_config):
            self.refused("ResourceNotFoundException", 404, call, FunctionName="nothing")
        self.refused("ValidationException", 400, self.functions.get_function_recursion_config,
                     FunctionName=f"{name}:1")

    def test_an_account_has_limits_and_usage(self):
        functions = support.client("lambda", self.broker, region="eu-north-1")
        functions.create_function(FunctionName="only", Runtime="python3.11", Role=ROLE,
                                  Handler="shop.echo", Code={"ZipFile": CODE})
        functions.put_function_concurrency(FunctionName="only", ReservedConcurrentExecutions=10)
        settings = functions.get_account_settings()
        self.assertEqual(settings["AccountUsage"],
                         {"FunctionCount": 1, "TotalCodeSize": len(CODE)})
        self.assertEqual(settings["AccountLimit"], {
            "TotalCodeSize": 80530636800, "CodeSizeUnzipped": 262144000,
            "CodeSizeZipped": 52428800, "ConcurrentExecutions": 1000,
            "UnreservedConcurrentExecutions": 990})
