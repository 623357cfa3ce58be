import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;

/** What the clients in Java share: tests one after another, closed by the line the runner reads. */
final class Checks {
    interface Body {
        void run() throws Exception;
    }

    private record Test(String name, Body body) {}

    private final List<Test> tests = new ArrayList<>();

    void test(String name, Body body) {
        tests.add(new Test(name, body));
    }

    /** Runs all tests and ends the process, whatever threads the clients left behind. */
    void finish() {
        int failed = 0;
        for (Test test : tests) {
            try {
                test.body().run();
                System.out.println("ok    " + test.name());
            } catch (Throwable problem) {
                ++failed;
                System.out.println("FAIL  " + test.name());
                problem.printStackTrace(System.out);
            }
        }
        System.out.println((tests.size() - failed) + " passed, " + failed + " failed");
        System.out.flush();
        Runtime.getRuntime().halt(failed == 0 && !tests.isEmpty() ? 0 : 1);
    }

    static void check(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }

    static void equal(Object found, Object wanted) {
        check(Objects.equals(found, wanted), found + " instead of " + wanted);
    }

    /** The exception that the call ends with, which must be of this very class. */
    static <E extends Throwable> E thrown(Class<E> wanted, Callable<?> call) {
        try {
            Object answer = call.call();
            throw new AssertionError("no " + wanted.getSimpleName() + " but " + answer);
        } catch (Throwable problem) {
            if (problem.getClass() == wanted) return wanted.cast(problem);
            throw new AssertionError("no " + wanted.getSimpleName(), problem);
        }
    }

    static void waitUntil(BooleanSupplier holds, String what) throws InterruptedException {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!holds.getAsBoolean()) {
            check(System.nanoTime() < deadline, what + " did not happen within 30 s");
            Thread.sleep(10);
        }
    }
}
